//! The real program against the real sandbox, in one test binary.

#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

mod account; // the line that names the account of a run
mod architecture; // which part of the library may use which
mod batch; // many pairs per call, and still one verdict per row
mod changing_input; // inputs that change while they are read, or come only once
mod check; // what is found before anything is sent
mod coding; // compressed replies
mod compressed_report; // reports that are packed
mod credentials; // tokens that change, expire or never come
mod damaged; // reports that power cuts and other programs damage
mod docs; // every command of the pages runs
mod doctor; // what can be told before an import
mod doctor_keys; // properties to look records up by
mod earlier_report;
mod existing; // what is linked before a run
mod exports; // lists of ids, and the files that HubSpot itself writes
mod faults; // disks that are full, slow or gone
mod import; // the main job, and the report it leaves
mod input; // broken and odd files: exit status, message, and no request
mod keys; // files that name records by email or domain
mod known_pairs; // one report that is its own memory
mod labels_import; // labels that an import writes, and those that it keeps
mod labels_input; // the column with the labels of rows, and what `check` says about it
mod labels_lists; // the lists of labels: printed, and read by imports
mod labels_names; // names of labels in flags and cells
mod labels_proof; // labels that are verified and undone with the commands that are printed
mod labels_recovery; // labelled imports that are killed, resumed, verified and undone
mod layout; // lines and fields that are not as usual
mod lookup; // every row ends as its keys say
mod lookup_options; // lookups together with the other options
mod lookup_resume; // kills during lookups, and keys that change their records
mod lookup_stops; // lookups that find nothing, are refused, or do not arrive
mod machine; // limits of the machine
mod next_command; // the command that is printed runs as it stands
mod nightly; // what is known already is not sent again
mod outage; // an unreachable API
mod output_options; // what is said where: stdout, stderr, logs, environment variables
mod packaging; // completions and manual pages
mod pages; // the blocks of the pages, and the command lines in them
mod portal; // a token that replaces another one is of the same account
mod proxy; // what a proxy sees
mod random_stories; // random servers, interruptions and resumes, and what must hold after each
mod readme; // the README and the sample data are true
mod rehearsals; // a rehearsal and a real run never mix
mod rejects; // what is not associated, fed back
mod replaced; // no file of another program, and none that is read, is replaced
mod replies; // every kind of reply, end to end
mod report_summary; // the summary of a report, and the daily limit
mod resolve; // ids beside the rows of an input, without links
mod resume; // going on after kills, cuts, stops and failures
mod run_summary; // the outputs for scripts and monitoring at the end of a run
mod sandbox; // the sandbox as a program of its own
mod sandbox_links; // what the sandbox holds, read back and changed
mod sandbox_records; // looking records up in the sandbox
mod secrets; // the token is nowhere to be seen
mod shown_text; // every text that users read, as a snapshot
mod signals; // signals before a run, and where something is stuck
mod stdout; // what is printed, and cannot be
mod stop; // signals, credentials, limits: early ends
mod support; // how a test sets a run up and looks at what it left
mod tls; // who a server is
mod undo; // what an undo plans, and when it refuses
mod undo_run; // what an undo removes, and what it leaves
mod values; // what cells and column names are taken for
mod verify; // which links are still there
mod verify_stops; // verify that is killed, may not read, or finds labels
