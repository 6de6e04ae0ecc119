//! The tables that instances are drawn from: machine types, workloads, teams, clusters.

/// A machine type.
#[derive(Debug)]
pub(crate) struct Machine {
    pub(crate) name: &'static str,
    pub(crate) cores: u64,
    pub(crate) threads_per_core: u64,
    pub(crate) arm: bool,
    /// Nitro machines have ENA, EBS optimization and support enclaves; the others run on Xen.
    pub(crate) nitro: bool,
}

const fn x86(name: &'static str, cores: u64) -> Machine {
    Machine { name, cores, threads_per_core: 2, arm: false, nitro: true }
}

const fn graviton(name: &'static str, cores: u64) -> Machine {
    Machine { name, cores, threads_per_core: 1, arm: true, nitro: true }
}

const fn xen(name: &'static str, cores: u64) -> Machine {
    Machine { name, cores, threads_per_core: 1, arm: false, nitro: false }
}

/// What runs on x86; Windows picks from these alone.
pub(crate) const X86_MACHINES: [Machine; 14] = [
    x86("t3.micro", 1),
    x86("t3.small", 1),
    x86("t3.medium", 1),
    x86("t3.large", 1),
    x86("m5.large", 1),
    x86("m5.xlarge", 2),
    x86("m6i.2xlarge", 4),
    x86("c5.large", 1),
    x86("c6i.xlarge", 2),
    x86("r5.2xlarge", 4),
    x86("r6i.4xlarge", 8),
    x86("g4dn.xlarge", 2),
    xen("t2.micro", 1),
    xen("m4.large", 2),
];

/// What is launched when nobody names a type.
pub(crate) const M1_SMALL: Machine = xen("m1.small", 1);

/// What runs on Graviton.
pub(crate) const ARM_MACHINES: [Machine; 5] = [
    graviton("t4g.small", 2),
    graviton("m6g.large", 2),
    graviton("c7g.xlarge", 4),
    graviton("r6g.2xlarge", 8),
    graviton("m7g.xlarge", 4),
];

/// A kind of program that instances run, and whose it is.
#[derive(Debug)]
pub(crate) struct Workload {
    pub(crate) name: &'static str,
    pub(crate) role: &'static str,
    pub(crate) team: &'static str,
}

const fn workload(name: &'static str, role: &'static str, team: &'static str) -> Workload {
    Workload { name, role, team }
}

/// Names of workloads, their roles and teams. Two team names need escaping in XML, one is not ASCII: that happens, and readers must bear it.
pub(crate) const WORKLOADS: [Workload; 16] = [
    workload("web", "web-frontend", "Storefront"),
    workload("api", "api-backend", "Storefront"),
    workload("worker", "queue-worker", "Fulfilment"),
    workload("batch", "nightly-batch", "Data Engineering"),
    workload("db", "postgres-host", "Databases"),
    workload("cache", "cache-node", "Platform"),
    workload("search", "search-node", "Discovery"),
    workload("ci", "ci-runner", "Developer Experience"),
    workload("bastion", "bastion-host", "Security"),
    workload("kafka", "kafka-broker", "Data Engineering"),
    workload("ml-train", "training-job", "R&D"),
    workload("ml-serve", "model-server", "R&D"),
    workload("legacy-erp", "erp-application", "Finance & Controlling <legacy>"),
    workload("vpn", "vpn-gateway", "Network"),
    workload("mail-relay", "mail-relay", "Plattform Süd"),
    workload("monitoring", "metrics-collector", "Observability"),
];

/// Values of `Name` that somebody typed by hand: XML's special characters, other alphabets, even a tab and a line break.
pub(crate) const ODD_NAMES: [&str; 8] = [
    "R&D <test> \"do not delete\"",
    "Müllers Rechner (alt)",
    "検証用サーバー-01",
    "it's temporary since 2019",
    "batch\tnightly",
    "two\nlines",
    "a > b && c < d",
    "🚀 launchpad",
];

/// Kubernetes clusters: name, the tag that marks their nodes, a node group.
pub(crate) const CLUSTERS: [(&str, &str, &str); 4] = [
    ("platform", "kubernetes.io/cluster/platform", "general-purpose"),
    ("shop", "kubernetes.io/cluster/shop", "frontend-spot"),
    ("data", "kubernetes.io/cluster/data", "memory-heavy"),
    ("ml", "kubernetes.io/cluster/ml", "gpu"),
];

/// Beanstalk environments.
pub(crate) const BEANSTALK: [&str; 4] =
    ["Shop-prod-env", "Intranet-env", "Api-v1-env", "Reports-env"];

/// `CloudFormation` stacks.
pub(crate) const STACKS: [&str; 5] =
    ["network-baseline", "jump-hosts", "sap-landscape", "license-server", "file-gateway"];
