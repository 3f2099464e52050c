//! A report in the format of JUnit, which servers of continuous integration read.

use std::io;

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};

use crate::judge::Verdict;

use super::{FailureGroup, InvariantReport, Report};

/// The report as JUnit's XML: a test case for each invariant, with a failure for each group of
/// failed seeds.
///
/// # Errors
/// None that memory does not make.
pub fn junit(report: &Report) -> io::Result<String> {
    let mut writer = Writer::new_with_indent(Vec::new(), b' ', 2);
    writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    let count =
        |verdict| report.invariants.iter().filter(|one| one.verdict == verdict).count().to_string();
    let (tests, failures) = (report.invariants.len().to_string(), count(Verdict::Violation));
    let skipped = count(Verdict::Inconclusive);
    let time = format!("{:.3}", report.elapsed_us as f64 / 1e6);
    let name = format!("duolog {}", report.mode);
    let counts = [("tests", tests.as_str()), ("failures", failures.as_str()), ("errors", "0")];
    writer
        .create_element("testsuites")
        .with_attributes(counts)
        .with_attribute(("time", time.as_str()))
        .write_inner_content(|writer| {
            writer
                .create_element("testsuite")
                .with_attribute(("name", name.as_str()))
                .with_attributes(counts)
                .with_attribute(("skipped", skipped.as_str()))
                .with_attribute(("time", time.as_str()))
                .write_inner_content(|writer| {
                    report.invariants.iter().try_for_each(|one| case(writer, report, one))
                })?;
            Ok(())
        })?;
    Ok(String::from_utf8_lossy(&writer.into_inner()).into_owned() + "\n")
}

fn case(
    writer: &mut Writer<Vec<u8>>,
    report: &Report,
    invariant: &InvariantReport,
) -> io::Result<()> {
    let InvariantReport { code, name, verdict, judgement } = invariant;
    let counted = format!("{} checks, {} of them at risk", judgement.checked, judgement.at_risk);
    let case = writer
        .create_element("testcase")
        .with_attribute(("classname", "duolog"))
        .with_attribute(("name", format!("{code} {name}").as_str()));
    case.write_inner_content(|writer| {
        let of = |group: &&FailureGroup| group.invariant == *name;
        let groups: Vec<&FailureGroup> = report.groups.iter().filter(of).collect();
        match verdict {
            Verdict::Inconclusive => {
                let skipped = writer.create_element("skipped");
                skipped.with_attribute(("message", "never at risk")).write_empty()?;
            }
            // Seeds are grouped by the first invariant that they broke.
            Verdict::Violation if groups.is_empty() => {
                failure(writer, name, "broken on seeds that are told under another invariant")?;
            }
            Verdict::Violation => {
                for group in groups {
                    failure(writer, &group.anomaly, &group.told())?;
                }
            }
            Verdict::Pass => {}
        }
        let out = writer.create_element("system-out");
        out.write_text_content(BytesText::new(&counted))?;
        Ok(())
    })?;
    Ok(())
}

fn failure(writer: &mut Writer<Vec<u8>>, anomaly: &str, words: &str) -> io::Result<()> {
    let words: String = words.chars().filter(|letter| is_allowed(*letter)).collect();
    let element = writer.create_element("failure").with_attribute(("message", anomaly));
    element.with_attribute(("type", anomaly)).write_text_content(BytesText::new(&words))?;
    Ok(())
}

/// Whether XML may hold the letter.
fn is_allowed(letter: char) -> bool {
    matches!(letter, '\t' | '\n' | '\r')
        || letter >= ' ' && !matches!(letter, '\u{fffe}' | '\u{ffff}')
}
