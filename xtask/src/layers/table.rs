//! Who may use whom: the architecture as data.
//!
//! A crate that is not here fails the check. Adding a line is a decision about the architecture; ARCHITECTURE.md tells
//! the reasons behind the lines that are here.

/// One crate and what it may use.
pub(super) struct Layer {
    /// Its name.
    pub(super) name: &'static str,
    /// Its folder.
    pub(super) folder: &'static str,
    /// Crates of the workspace that it may use.
    pub(super) uses: &'static [&'static str],
    /// Crates of the workspace that its tests may use besides the laboratory.
    pub(super) tests_use: &'static [&'static str],
    /// Whether it decides without I/O: same input, same output.
    pub(super) pure: bool,
}

/// A dependency that stays behind the interface of a few crates.
pub(super) struct Confined {
    pub(super) dependency: &'static str,
    /// Who may use it.
    pub(super) users: &'static [&'static str],
    /// Whose tests may use it besides.
    pub(super) testers: &'static [&'static str],
    pub(super) reason: &'static str,
}

/// What any crate's tests may use, and nothing that is shipped.
pub(super) const LABORATORY: &[&str] = &["windlass-lab", "windlass-harness"];

/// A layer that may be tested with what it uses and the laboratory.
const fn layer(name: &'static str, folder: &'static str, uses: &'static [&'static str]) -> Layer {
    Layer {
        name,
        folder,
        uses,
        tests_use: &[],
        pure: false,
    }
}

/// A layer without I/O.
const fn pure(name: &'static str, folder: &'static str, uses: &'static [&'static str]) -> Layer {
    Layer {
        pure: true,
        ..layer(name, folder, uses)
    }
}

/// The crates, in the order in which the data flows.
pub(super) const LAYERS: &[Layer] = &[
    layer(
        "windlass",
        "crates/cli",
        &[
            "windlass-capfile",
            "windlass-config",
            "windlass-foreign",
            "windlass-inventory",
            "windlass-model",
            "windlass-facts",
            "windlass-planner",
            "windlass-recipes",
            "windlass-engine",
            "windlass-job",
            "windlass-journal",
            "windlass-secrets",
            "windlass-source",
            "windlass-transport",
            "windlass-demohost",
            "windlass-reporter",
        ],
    ),
    Layer {
        // What it writes is read by the settings' own reader.
        tests_use: &["windlass-config"],
        ..pure(
            "windlass-capfile",
            "crates/input/capfile",
            &["windlass-model", "windlass-foreign"],
        )
    },
    pure(
        "windlass-config",
        "crates/input/config",
        &["windlass-model", "windlass-foreign"],
    ),
    pure("windlass-foreign", "crates/input/foreign", &[]),
    pure(
        "windlass-inventory",
        "crates/input/inventory",
        &["windlass-model", "windlass-config"],
    ),
    pure("windlass-model", "crates/model", &[]),
    pure("windlass-facts", "crates/plan/facts", &["windlass-model"]),
    pure(
        "windlass-planner",
        "crates/plan/planner",
        &["windlass-model", "windlass-facts"],
    ),
    Layer {
        // What people see of their plans is looked at.
        tests_use: &["windlass-reporter"],
        ..pure(
            "windlass-recipes",
            "crates/plan/recipes",
            &["windlass-model", "windlass-facts", "windlass-planner"],
        )
    },
    Layer {
        // Every standard recipe goes through the engine's tests.
        tests_use: &["windlass-recipes"],
        ..layer(
            "windlass-engine",
            "crates/run/engine",
            &[
                "windlass-model",
                "windlass-facts",
                "windlass-planner",
                "windlass-job",
                "windlass-journal",
                "windlass-source",
                "windlass-transport",
            ],
        )
    },
    layer(
        "windlass-job",
        "crates/run/job",
        &["windlass-model", "windlass-transport"],
    ),
    layer(
        "windlass-journal",
        "crates/run/journal",
        &["windlass-model"],
    ),
    layer(
        "windlass-secrets",
        "crates/run/secrets",
        &["windlass-model"],
    ),
    layer("windlass-source", "crates/run/source", &["windlass-model"]),
    layer(
        "windlass-transport",
        "crates/run/transport",
        &["windlass-model"],
    ),
    layer(
        "windlass-demohost",
        "crates/run/demohost",
        &["windlass-model"],
    ),
    layer(
        "windlass-reporter",
        "crates/show/reporter",
        &["windlass-model"],
    ),
    Layer {
        tests_use: &["windlass-recipes", "windlass-planner", "windlass-facts"],
        ..layer(
            "windlass-harness",
            "crates/testlab/harness",
            &["windlass-model", "windlass-engine", "windlass-journal"],
        )
    },
    layer(
        "windlass-lab",
        "crates/testlab/lab",
        &["windlass-model", "windlass-demohost"],
    ),
    // The benchmarks need hosts to measure against, and measure jobs and uploads below the command line; documents are
    // made from the tables of input.
    layer(
        "xtask",
        "xtask",
        &[
            "windlass-config",
            "windlass-foreign",
            "windlass-lab",
            "windlass-model",
            "windlass-transport",
            "windlass-job",
        ],
    ),
];

/// Dependencies that stay behind the interface of a few crates.
pub(super) const CONFINED: &[Confined] = &[
    Confined {
        dependency: "russh",
        users: &["windlass-transport", "windlass-demohost"],
        testers: &["windlass-lab"],
        reason: "only transport and demohost speak SSH",
    },
    Confined {
        dependency: "rusqlite",
        users: &["windlass-journal"],
        testers: &[],
        reason: "only the journal knows how it is stored",
    },
    Confined {
        dependency: "indicatif",
        users: &["windlass-reporter"],
        testers: &[],
        reason: "only the reporter writes to the terminal",
    },
    Confined {
        dependency: "lib-ruby-parser",
        users: &["windlass-capfile"],
        testers: &[],
        reason: "only the import of Capistrano projects reads Ruby",
    },
    Confined {
        dependency: "clap",
        users: &["windlass"],
        testers: &[],
        reason: "only cli reads arguments",
    },
];
