//! The journal: what a run is about to do, and what came of it, each on disk before the next step.
