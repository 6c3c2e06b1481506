//! The repository on the controller: resolves revisions, packs objects, tells what changed.
