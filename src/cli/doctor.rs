//! The flags of `doctor`.

use clap::Args;

use crate::cli::connection::ConnectionArgs;
use crate::cli::input::object_type;
use crate::domain::pair::ObjectType;

/// The flags of `doctor`.
#[derive(Args, Clone, Debug)]
pub struct DoctorArgs {
    /// Check access to records of this type; needs --to-type
    #[arg(long, value_name = "TYPE", value_parser = object_type, requires = "to_type", help_heading = "Types")]
    pub from_type: Option<ObjectType>,
    /// The second type to check; needs --from-type
    #[arg(long, value_name = "TYPE", value_parser = object_type, requires = "from_type", help_heading = "Types")]
    pub to_type: Option<ObjectType>,

    /// The URL of the API, and the credentials for it.
    #[command(flatten)]
    pub connection: ConnectionArgs,

    /// Print one JSON object instead of text
    #[arg(long, help_heading = "Output")]
    pub json: bool,
}
