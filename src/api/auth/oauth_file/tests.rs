//! Tests for storing refresh tokens.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;

use tempfile::TempDir;

use super::*;

use crate::api::auth::error::CredentialsError;
use crate::api::auth::oauth::OAuthApp;
use crate::api::error_chain::chain;

const TEXT: &str =
    r#"{"note":"ours","client_id":"c","client_secret":"s","refresh_token":"refresh-1"}"#;

fn app_file() -> (TempDir, AppFile) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("app.json");
    fs::write(&path, TEXT).unwrap();
    fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
    let file = AppFile::new(&path);
    (folder, file)
}

fn token_in(file: &AppFile) -> String {
    let fields: Value = serde_json::from_slice(&fs::read(&file.path).unwrap()).unwrap();
    assert_eq!(fields["note"], "ours");
    fields["refresh_token"].as_str().unwrap().to_owned()
}

#[test]
fn a_file_that_other_users_can_read_is_refused() {
    let (_folder, file) = app_file();
    fs::set_permissions(&file.path, Permissions::from_mode(0o640)).unwrap();
    assert!(matches!(file.read(), Err(CredentialsError::Exposed { .. })));
}

#[tokio::test]
async fn storing_a_refresh_token_changes_nothing_else() {
    let (folder, file) = app_file();
    let mut held = file.hold().await.unwrap();
    held.keep(&"refresh-1".into()).await.unwrap();
    assert_eq!(fs::read_to_string(&file.path).unwrap(), TEXT);
    held.keep(&"refresh-2".into()).await.unwrap();
    assert_eq!(token_in(&file), "refresh-2");
    assert_eq!(held.read().await.unwrap(), file.read().unwrap());
    let mode = fs::metadata(&file.path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[tokio::test]
async fn a_new_token_is_stored_if_the_file_cannot_be_read_again() {
    let (_folder, file) = app_file();
    let mut held = file.hold().await.unwrap();
    held.keep(&"refresh-1".into()).await.unwrap();
    fs::remove_file(&file.path).unwrap();
    held.keep(&"refresh-2".into()).await.unwrap();
    assert_eq!(token_in(&file), "refresh-2");
    let mode = fs::metadata(&file.path).unwrap().permissions().mode();
    assert_eq!(mode & 0o077, 0);
}

#[tokio::test]
async fn a_token_that_could_not_be_stored_is_stored_later() {
    let (folder, file) = app_file();
    let app = OAuthApp::from_file(&file.path).unwrap();
    let held = app.hold().await.unwrap();
    assert!(!app.has_token_to_keep());
    fs::remove_dir_all(folder.path()).unwrap();
    app.rotate("refresh-2".into(), held).await.unwrap_err();
    assert!(app.has_token_to_keep());
    fs::create_dir(folder.path()).unwrap();
    fs::write(&file.path, TEXT).unwrap();
    fs::set_permissions(&file.path, Permissions::from_mode(0o600)).unwrap();
    app.hold().await.unwrap();
    assert_eq!(token_in(&file), "refresh-2");
    assert!(!app.has_token_to_keep());
}

#[tokio::test]
async fn only_one_exchange_locks_the_file_even_after_it_is_replaced() {
    let (_folder, file) = app_file();
    let mut held = file.hold().await.unwrap();
    for token in ["refresh-1", "refresh-2", "refresh-3"] {
        held.keep(&token.into()).await.unwrap();
        let error = chain(&file.hold_within(Duration::ZERO).await.unwrap_err());
        assert!(
            error.ends_with("another process holds it for 0 s"),
            "{error}"
        );
    }
    let waiting = tokio::spawn({
        let file = file.clone();
        async move { file.hold().await.unwrap().read().await.unwrap() }
    });
    tokio::task::yield_now().await;
    held.keep(&"refresh-4".into()).await.unwrap();
    drop(held);
    let values = waiting.await.unwrap();
    assert_eq!(values.refresh_token.expose_secret(), "refresh-4");
}

#[tokio::test]
async fn a_deleted_file_cannot_be_locked() {
    let (_folder, file) = app_file();
    fs::remove_file(&file.path).unwrap();
    assert!(matches!(
        file.hold().await,
        Err(CredentialsError::NotKept { .. })
    ));
}
