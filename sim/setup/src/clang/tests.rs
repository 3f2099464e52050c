use super::*;

#[test]
fn names_that_a_build_can_load_are_known() {
    for name in ["libclang.so", "libclang.so.1", "libclang-14.so", "libclang-14.so.13"] {
        assert!(is_libclang(name), "{name}");
    }
    for name in ["libclang-cpp.so.14", "libclang.a", "libclangAST.so", "libclang_rt.so", "clang"] {
        assert!(!is_libclang(name), "{name}");
    }
}
