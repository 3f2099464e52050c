//! A promise that was seen broken.

use serde::{Deserialize, Serialize};

use super::observation::Instance;
use super::operation::{ReadKind, Role};
use super::rule::Rule;

/// Who was seen to break it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Who {
    /// The instance that writes.
    Primary,
    /// One that follows it.
    Secondary,
    /// One that is read-only.
    Frozen,
}

impl From<Instance> for Who {
    fn from(instance: Instance) -> Self {
        match instance {
            Instance::Primary => Self::Primary,
            Instance::Reader(_, Role::Secondary) => Self::Secondary,
            Instance::Reader(_, Role::Frozen) => Self::Frozen,
        }
    }
}

/// How a promise was broken, as far as it tells one defect from another.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Signature {
    /// The rule.
    pub rule: Rule,
    /// How it was broken, in one word.
    pub anomaly: String,
    /// By whom.
    pub who: Who,
    /// Whether memory of a secondary over newer files explains it.
    pub is_shadowed: bool,
    /// Whether a family that is younger than the instance is concerned.
    pub is_late_family: bool,
    /// Whether a family is concerned that was dropped before the instance caught up.
    pub is_dropped_family: bool,
    /// Whether a later catch-up healed it; known of racing plans only.
    pub is_healed: bool,
}

/// A promise that was seen broken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// How.
    pub signature: Signature,
    /// After which operation.
    pub at: usize,
    /// The ways of reading that showed it.
    pub kinds: Vec<ReadKind>,
    /// What was seen, in words.
    pub words: String,
}

impl Violation {
    /// One of which nothing more is known.
    pub fn new(rule: Rule, anomaly: &str, instance: Instance, at: usize, words: String) -> Self {
        let signature = Signature {
            rule,
            anomaly: anomaly.to_owned(),
            who: instance.into(),
            is_shadowed: false,
            is_late_family: false,
            is_dropped_family: false,
            is_healed: false,
        };
        Self { signature, at, kinds: Vec::new(), words: format!("{}: {words}", instance.words()) }
    }
}
