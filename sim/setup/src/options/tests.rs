use super::*;

fn parsed(arguments: &[&str]) -> Outcome<Options> {
    parse(&arguments.iter().map(|&argument| argument.to_owned()).collect::<Vec<_>>())
}

#[test]
fn arguments_are_read() {
    assert_eq!(parsed(&[]), Ok(Options::default()));
    assert_eq!(parsed(&["--check"]), Ok(Options { check: true, ..Options::default() }));
    let adopted = Options { adopt: Some(PathBuf::from("x.a")), ..Options::default() };
    assert_eq!(parsed(&["--adopt", "x.a"]), Ok(adopted));
}

#[test]
fn wrong_arguments_are_usage_errors() {
    for arguments in [&["--chek"][..], &["--adopt"], &["--check", "--adopt", "x.a"]] {
        let failure = parsed(arguments).expect_err("must be refused");
        assert_eq!(failure.code, 2);
        assert!(failure.text.contains("usage: cargo setup"));
    }
}
