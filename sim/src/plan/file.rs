//! Plans as text.

use super::{PLAN_VERSION, Plan};

/// How a plan is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlanFormat {
    /// JSON.
    Json,
    /// TOML, for editing by hand.
    Toml,
}

/// Why a plan could not be read.
#[derive(Clone, Debug, thiserror::Error)]
pub enum PlanError {
    /// The text is no plan; says where.
    #[error("not a plan: {0}")]
    Text(String),
    /// The plan is of another version.
    #[error("the plan has version {found}, this build reads {PLAN_VERSION}: use a newer duolog")]
    Version {
        /// What it says.
        found: u32,
    },
    /// An operation names a partition that is not there, or the like.
    #[error("the plan contradicts itself: {0}")]
    Contradiction(String),
}

impl Plan {
    /// The plan as text, with a line end at the end.
    pub fn to_text(&self, format: PlanFormat) -> String {
        let text = match format {
            PlanFormat::Json => serde_json::to_string_pretty(self).map_err(|e| e.to_string()),
            PlanFormat::Toml => toml::to_string_pretty(self).map_err(|e| e.to_string()),
        };
        let mut text = text.expect("a plan holds nothing that these formats cannot hold");
        if !text.ends_with('\n') {
            text.push('\n');
        }
        text
    }

    /// Reads a plan: JSON where the text begins with a brace, else TOML.
    pub fn from_text(text: &str) -> Result<Self, PlanError> {
        let plan: Plan = if text.trim_start().starts_with('{') {
            serde_json::from_str(text).map_err(|e| PlanError::Text(e.to_string()))?
        } else {
            toml::from_str(text).map_err(|e| PlanError::Text(e.to_string()))?
        };
        if plan.version != PLAN_VERSION {
            return Err(PlanError::Version { found: plan.version });
        }
        plan.check()?;
        Ok(plan)
    }

    /// Whether every operation can be done.
    fn check(&self) -> Result<(), PlanError> {
        let lane_count = self.lane_count();
        if lane_count == 0 {
            return Err(PlanError::Contradiction("it has no partition".to_owned()));
        }
        if self.config.content.timestamp_grain_us == 0 {
            return Err(PlanError::Contradiction("timestamp_grain_us is 0".to_owned()));
        }
        for (index, actor) in self.actors.iter().enumerate() {
            for operation in &actor.operations {
                if operation.lane().is_some_and(|lane| lane >= lane_count) {
                    return Err(PlanError::Contradiction(format!(
                        "actor {index} names a partition beyond {lane_count}: {operation:?}"
                    )));
                }
                if operation.needs_session() && !actor.role.has_session() {
                    return Err(PlanError::Contradiction(format!(
                        "actor {index} is a {} and has no session for {operation:?}",
                        actor.role.name()
                    )));
                }
            }
        }
        for kill in &self.kills {
            if kill.step().is_none() || kill.nth == 0 {
                let text = format!("no such kill: {kill:?}");
                return Err(PlanError::Contradiction(text));
            }
        }
        match self.faults.iter().find(|fault| !fault.is_possible()) {
            Some(fault) => Err(PlanError::Contradiction(format!("no such fault: {fault:?}"))),
            None => Ok(()),
        }
    }
}
