//! Names of what can be asked of a world.

/// A call of a world, its files or its index. Steps are counted apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum CallKind {
    /// `World::sleep`; counted at its first poll.
    Sleep,
    /// `World::spawn`.
    Spawn,
    /// `World::open`.
    Open,
    /// `World::lock`.
    Lock,
    /// `World::create_directories`.
    CreateDirectories,
    /// `World::list`.
    List,
    /// `World::exists`.
    Exists,
    /// `World::rename`.
    Rename,
    /// `World::hard_link`.
    HardLink,
    /// `World::remove_file`.
    RemoveFile,
    /// `World::remove_directory`.
    RemoveDirectory,
    /// `World::sync_directory`.
    SyncDirectory,
    /// `World::canonical`.
    Canonical,
    /// `File::read_at`.
    ReadAt,
    /// `File::write_at`.
    WriteAt,
    /// `File::sync_data`.
    SyncData,
    /// `File::set_len`.
    SetLen,
    /// `File::fill_zero`.
    FillZero,
    /// `File::len`.
    Len,
    /// `IndexBackend::open_primary`.
    OpenPrimary,
    /// `IndexBackend::open_secondary`.
    OpenSecondary,
    /// `IndexBackend::open_frozen`.
    OpenFrozen,
    /// `IndexBackend::file_count`.
    FileCount,
    /// `IndexRead::get`.
    Get,
    /// `IndexRead::multi_get`.
    MultiGet,
    /// `IndexRead::last_in`.
    LastIn,
    /// `IndexRead::scan`.
    Scan,
    /// `IndexPrimary::settle`.
    Settle,
    /// `IndexPrimary::compact`.
    Compact,
    /// `IndexPrimary::checkpoint`.
    Checkpoint,
    /// `IndexSecondary::catch_up`.
    CatchUp,
}

impl CallKind {
    /// All of them, in the order above.
    pub const ALL: [CallKind; 31] = [
        CallKind::Sleep,
        CallKind::Spawn,
        CallKind::Open,
        CallKind::Lock,
        CallKind::CreateDirectories,
        CallKind::List,
        CallKind::Exists,
        CallKind::Rename,
        CallKind::HardLink,
        CallKind::RemoveFile,
        CallKind::RemoveDirectory,
        CallKind::SyncDirectory,
        CallKind::Canonical,
        CallKind::ReadAt,
        CallKind::WriteAt,
        CallKind::SyncData,
        CallKind::SetLen,
        CallKind::FillZero,
        CallKind::Len,
        CallKind::OpenPrimary,
        CallKind::OpenSecondary,
        CallKind::OpenFrozen,
        CallKind::FileCount,
        CallKind::Get,
        CallKind::MultiGet,
        CallKind::LastIn,
        CallKind::Scan,
        CallKind::Settle,
        CallKind::Compact,
        CallKind::Checkpoint,
        CallKind::CatchUp,
    ];
}
