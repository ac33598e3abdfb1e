//! The flags of `doctor`.

use clap::Args;

use crate::cli::connection::ConnectionArgs;
use crate::cli::input::{object_type, property_name};
use crate::domain::pair::ObjectType;
use crate::domain::property_name::PropertyName;

/// The flags of `doctor`.
#[derive(Args, Clone, Debug)]
pub struct DoctorArgs {
    /// Check access to records of this type; needs --to-type
    #[arg(long, value_name = "TYPE", value_parser = object_type, requires = "to_type", help_heading = "Types")]
    pub from_type: Option<ObjectType>,
    /// The second type to check; needs --from-type
    #[arg(long, value_name = "TYPE", value_parser = object_type, requires = "from_type", help_heading = "Types")]
    pub to_type: Option<ObjectType>,

    /// Check whether records of the first type can be looked up by this property
    ///
    /// Its internal name. The answer also lists the unique properties of the type.
    #[arg(long, value_name = "NAME", value_parser = property_name, requires = "from_type", help_heading = "Types")]
    pub from_id_property: Option<PropertyName>,
    /// The same for the second type
    #[arg(long, value_name = "NAME", value_parser = property_name, requires = "to_type", help_heading = "Types")]
    pub to_id_property: Option<PropertyName>,
    /// The search may look up properties that are not unique
    #[arg(long, help_heading = "Types")]
    pub allow_search: bool,

    /// The URL of the API, and the credentials for it.
    #[command(flatten)]
    pub connection: ConnectionArgs,

    /// Print one JSON object instead of text
    #[arg(long, help_heading = "Output")]
    pub json: bool,
}
