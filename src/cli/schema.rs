//! `fauxforce schema import`: a user's real schema as a schema file. Not built yet: it says so.

use super::Exit;
use clap::{Args, Subcommand};

/// Options of `schema`.
#[derive(Debug, Args)]
pub(crate) struct SchemaOptions {
    #[command(subcommand)]
    command: SchemaCommand,
}

#[derive(Debug, Subcommand)]
enum SchemaCommand {
    /// Turn sfdx sources, describes or a WSDL into a schema file (not built yet)
    Import {
        /// `sfdx DIR`, `describe FILE…` or `wsdl FILE`
        #[arg(value_name = "SOURCE", required = true)]
        source: Vec<String>,
    },
}

/// Refuses, and names what works.
pub(crate) fn run(options: &SchemaOptions) -> Result<(), Exit> {
    let SchemaCommand::Import { source } = &options.command;
    Err(Exit::failed(format!(
        "schema import {} is not built yet; `serve --schema FILE` and `POST \
         /_fauxforce/orgs/{{org}}/objects` take describes as JSON",
        source.first().map_or("", String::as_str)
    )))
}
