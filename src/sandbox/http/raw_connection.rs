//! Executes the steps of a raw response on a connection.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::sandbox::http::raw_response::{End, RawResponse, Step};

/// Executes all steps, or stops when the client disconnects.
pub(crate) async fn execute(raw_response: &RawResponse, mut stream: TcpStream) -> io::Result<()> {
    for step in &raw_response.steps {
        match step {
            Step::Send(bytes) => stream.write_all(bytes).await?,
            Step::SendOver(bytes, times) => {
                for _ in 0..*times {
                    stream.write_all(bytes).await?;
                }
            }
            Step::Wait(long) => {
                if gone_within(&mut stream, *long).await {
                    return Ok(());
                }
            }
        }
    }
    match raw_response.end {
        End::Close => stream.shutdown().await,
        // With zero linger, dropping a connection resets it.
        End::Reset => stream.set_zero_linger(),
    }
}

/// Waits; true if the client closed its side meanwhile.
async fn gone_within(stream: &mut TcpStream, long: Duration) -> bool {
    let mut ignored = [0; 1024];
    let gone = async {
        while let Ok(length) = stream.read(&mut ignored).await {
            if length == 0 {
                break;
            }
        }
    };
    tokio::time::timeout(long, gone).await.is_ok()
}
