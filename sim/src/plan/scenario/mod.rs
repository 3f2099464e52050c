//! Scenarios: numbers of a run, chosen by hand in a TOML file instead of drawn or built in.

mod error;
mod resolved;
mod run;
mod section;
#[cfg(test)]
mod tests;

pub use error::ScenarioError;
pub use run::{RunMode, Seeds};
pub use section::{ConfigSection, ContentSection, RoleSection, RunSection, WorkloadSection};

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use toml::Spanned;

use super::{Plan, PlanConfig, Role, RoleShape, Shape};

/// A scenario. Every key may be left out: what is not said stays as the mode has it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// What is run.
    #[serde(default)]
    pub run: RunSection,
    /// How large plans are.
    #[serde(default)]
    pub workload: WorkloadSection,
    /// How many actors a role has and how much each of them does, by role.
    #[serde(default)]
    pub roles: BTreeMap<Role, RoleSection>,
    /// Settings of the engine.
    #[serde(default)]
    pub config: ConfigSection,
    /// What messages are.
    #[serde(default)]
    pub content: ContentSection,
}

/// Bytes that a message needs beside its payload: id, key, header, padding.
const MESSAGE_ROOM_BYTES: u32 = 4 << 10;

impl Scenario {
    /// Reads a scenario.
    ///
    /// # Errors
    /// Where it is no TOML, has a key that is none, a value of another type or out of its bounds,
    /// or two values that contradict each other; each points at the place.
    pub fn from_text(text: &str) -> Result<Self, ScenarioError> {
        let scenario: Self = toml::from_str(text).map_err(|error| {
            ScenarioError::new(error.span().unwrap_or(0..0), error.message().to_owned())
        })?;
        scenario.run.check()?;
        scenario.workload.check()?;
        scenario.config.check()?;
        scenario.content.check()?;
        scenario.roles.values().try_for_each(RoleSection::check)?;
        scenario.contradictions()?;
        Ok(scenario)
    }

    fn contradictions(&self) -> Result<(), ScenarioError> {
        let ConfigSection { settle_chunk_entries, tail_max_entries, .. } = &self.config;
        if let (Some(chunk), Some(tail)) = (settle_chunk_entries, tail_max_entries)
            && tail.as_ref() < chunk.as_ref()
        {
            let (chunk, least) = (tail.as_ref(), chunk.as_ref());
            let what = format!(
                "tail_max_entries = {chunk} is below settle_chunk_entries = {least}: a tail holds \
                 one chunk at least"
            );
            return Err(ScenarioError::new(tail.span(), what));
        }
        let (payload, message) = (&self.content.payload_max_bytes, &self.config.message_max_bytes);
        if let (Some(payload), Some(message)) = (payload, message)
            && payload.as_ref() + MESSAGE_ROOM_BYTES > *message.as_ref()
        {
            let what = format!(
                "payload_max_bytes = {} does not fit into message_max_bytes = {}: a message needs \
                 {MESSAGE_ROOM_BYTES} bytes more",
                payload.as_ref(),
                message.as_ref()
            );
            return Err(ScenarioError::new(payload.span(), what));
        }
        Ok(())
    }

    /// The shape that it makes of `shape`.
    pub fn shape(&self, mut shape: Shape) -> Shape {
        let set = |value: &Option<Spanned<u64>>, to: &mut u64| {
            if let Some(value) = value {
                *to = *value.as_ref();
            }
        };
        set(&self.workload.operations_count, &mut shape.operations_count);
        set(&self.workload.batch_max_count, &mut shape.batch_max_count);
        set(&self.workload.partitions_max_count, &mut shape.lanes_max_count);
        set(&self.workload.actors_max_count, &mut shape.role_max_count);
        shape.kills = self.workload.kills.unwrap_or(shape.kills);
        shape.faults = self.workload.faults.unwrap_or(shape.faults);
        shape.swarm = self.workload.swarm.unwrap_or(shape.swarm);
        let value = |value: &Option<Spanned<u64>>| value.as_ref().map(|value| *value.as_ref());
        for (role, section) in &self.roles {
            let (actors, operations) = (value(&section.actors), value(&section.operations));
            shape.roles.insert(*role, RoleShape { actors, operations });
        }
        shape
    }

    /// Draws the plan of a seed; what the scenario says takes the place of what is drawn.
    pub fn draw(&self, seed: u64, shape: &Shape) -> Plan {
        Plan::draw_with(seed, shape, |config| self.apply(config))
    }

    /// Puts its settings over those of `config`, and keeps settings that belong together so.
    pub fn apply(&self, config: &mut PlanConfig) {
        self.config.apply(config);
        self.content.apply(&mut config.content);
        if let Some(visibility) = self.config.visibility {
            config.visibility = visibility;
        }
        config.tail_max_entries = config.tail_max_entries.max(config.settle_chunk_entries);
        let message_bytes = config.content.payload_max_bytes + MESSAGE_ROOM_BYTES;
        config.message_max_bytes = config.message_max_bytes.max(message_bytes);
    }
}
