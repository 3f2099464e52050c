//! The lies, by the case that must notice each.

macro_rules! lies {
    ($($lie:ident: $case:ident;)+) => {
        /// A rule that a world breaks.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(super) enum Lie {
            $(
                #[doc = concat!("Noticed by `", stringify!($case), "`.")]
                $lie,
            )+
        }

        impl Lie {
            /// All of them, with the names of their cases.
            pub(super) const ALL: &[(Lie, &str)] = &[$((Lie::$lie, stringify!($case)),)+];
        }
    };
}

lies! {
    ClockGoesBack: monotonic_never_goes_back;
    ShortSleep: sleep_lasts;
    BootsOften: boot_has_one_name;
    EntropyRepeats: entropy_differs;
    SpawnRunsNothing: spawn_runs;
    SpawnPollsOnce: spawned_tasks_sleep_and_spawn;
    ReadFlipsABit: read_returns_what_was_written;
    ShortRead: read_is_short_only_at_the_end;
    BlockKeepsOldBytes: block_holds_what_was_read;
    HoleHoldsGarbage: write_beyond_the_end_leaves_zeros;
    WriteSpills: write_keeps_neighbours;
    EmptyWriteExtends: empty_write_changes_nothing;
    SetLenNeverCuts: set_len_cuts;
    SetLenFillsWithOnes: set_len_extends_with_zeros;
    FillZeroSpills: fill_zero_keeps_neighbours;
    FillZeroShortens: fill_zero_never_shortens;
    LateWriteIsLost: writes_at_the_same_time_all_land;
    SyncFailsLater: sync_data_succeeds;
    ReadMakesFiles: read_wants_a_file;
    ReadMayWrite: read_refuses_writes;
    WriteMakesFiles: write_wants_a_file;
    CreateEmpties: create_keeps_what_is_there;
    CreateNewReuses: create_new_wants_none;
    OpenMakesDirectories: create_wants_a_directory;
    CreateDirectoryNeedsParent: create_directories_makes_all;
    CreateDirectoryOnce: create_directories_twice;
    ListUnsorted: list_is_sorted;
    ListHidesDirectories: list_tells_directories;
    ListOfMissing: missing_is_not_found;
    RemoveDirectoryKeeps: remove_directory_removes_all;
    SyncDirectoryOfMissing: sync_directory_wants_one;
    CanonicalAsGiven: canonical_is_one_name;
    DirectoriesDoNotExist: exists_tells;
    RemoveOnlyEmpties: remove_frees_the_name;
    RemoveEmpties: removed_file_stays_readable;
    RenameKeepsOld: rename_moves;
    RenameRefusesToReplace: rename_replaces;
    RenameLeavesDirectory: rename_moves_directories;
    LinkCopies: hard_link_shares_the_file;
    LinkReplaces: hard_link_wants_a_free_name;
    LockTwice: second_lock_is_refused;
    LockIsNotFreed: lock_is_freed_by_drop;
    LockOnePerDirectory: locks_are_apart;
    LockWithoutFile: lock_makes_its_file;
    LockMakesDirectories: lock_wants_a_directory;
    DroppedWriteIsTorn: dropped_write_is_whole_or_not;
    DroppedRenameLosesFile: dropped_rename_is_whole_or_not;
    DroppedSyncSpoils: dropped_calls_leave_the_world_usable;
    DroppedLockIsHeld: dropped_lock_is_freed;
    RegistryPerHandle: registry_is_one_for_all_handles;
}
