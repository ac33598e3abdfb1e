//! HTML pages as gateways and firewalls in front of an API return them.

fn title(status: u16) -> &'static str {
    match status {
        200 => "Just a moment",
        403 => "Attention Required",
        414 => "Request-URI Too Large",
        500 => "Internal server error",
        502 => "Bad gateway",
        503 => "Service temporarily unavailable",
        504 => "Gateway time-out",
        521 => "Web server is down",
        522 => "Connection timed out",
        523 => "Origin is unreachable",
        524 => "A timeout occurred",
        525 => "SSL handshake failed",
        526 => "Invalid SSL certificate",
        _ => "Error",
    }
}

/// The page that a content delivery network shows for this status.
pub(crate) fn page(status: u16) -> String {
    let title = title(status);
    format!(
        "<!DOCTYPE html>\n<html lang=\"en-US\">\n<head><title>api.hubapi.com | {status}: {title}\
         </title></head>\n<body>\n<h1>{title} <span>Error code {status}</span></h1>\n\
         <p>Cloudflare Ray ID: <strong>0123456789abcdef</strong></p>\n</body>\n</html>\n"
    )
}
