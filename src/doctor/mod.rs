//! What can be found out about an import before it starts: the token, the account, its quota and its types. Pure.

pub mod key;
pub mod portal;
pub mod quota;
pub mod refusal;
pub mod remark;
pub mod remarks;
