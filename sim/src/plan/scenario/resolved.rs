//! A scenario with everything said that is the same for all seeds.

use toml::Spanned;

use crate::plan::{Plan, Shape};

use super::Scenario;

impl Scenario {
    /// The scenario with the numbers of `shape`, which it made, in full. Where settings are not
    /// drawn for each seed, they are those of `plan`.
    #[must_use]
    pub fn resolved(mut self, shape: &Shape, plan: &Plan) -> Self {
        let said = |number: u64| Some(Spanned::new(0..0, number));
        self.workload.operations_count = said(shape.operations_count);
        self.workload.batch_max_count = said(shape.batch_max_count);
        self.workload.partitions_max_count = said(shape.lanes_max_count);
        self.workload.actors_max_count = said(shape.role_max_count);
        self.workload.kills = Some(shape.kills);
        self.workload.faults = Some(shape.faults);
        self.workload.swarm = Some(shape.swarm);
        if !shape.swarm {
            self.config.fill(&plan.config);
            self.config.visibility = Some(plan.config.visibility);
            self.content.fill(&plan.config.content);
        }
        self
    }

    /// The scenario as text.
    pub fn to_text(&self) -> String {
        toml::to_string_pretty(self).expect("numbers and words can be written")
    }
}
