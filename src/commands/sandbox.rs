//! `sandbox`: serves the imitation of the API until a signal, then prints the number of requests.

use std::thread;

use crate::commands::context::Context;
use crate::error::RunError;
use crate::exit_status::ExitStatus;
use crate::process::stdout::print;
use crate::sandbox::args::SandboxArgs;
use crate::sandbox::server::Sandbox;

pub(crate) fn sandbox(flags: &SandboxArgs, ctx: &Context) -> Result<ExitStatus, RunError> {
    let settings = flags.settings()?;
    let sandbox = Sandbox::start(settings).map_err(RunError::SandboxStart)?;
    // Before the first output: a reader of the output may send a signal immediately.
    let mut stop = ctx.signals.begin_run();
    let stopper = sandbox.stopper();
    let thread = thread::Builder::new().name("stop".to_owned());
    thread
        .spawn(move || {
            if stop.blocking_recv().is_some() {
                stopper.stop();
            }
        })
        .map_err(RunError::SandboxStart)?;
    let url = sandbox.url();
    print(&format!(
        "listening on {url}\n\
         try: HUBSPOT_ACCESS_TOKEN=sandbox hubspot-associate import pairs.csv --report rehearsal.csv --base-url {url}\n\
         press Ctrl-C to stop\n"
    ))?;

    let seen = sandbox.wait();
    print(&format!(
        "{} requests, {} answered 429\n",
        seen.requests,
        seen.throttled()
    ))?;
    Ok(ExitStatus::Done)
}
