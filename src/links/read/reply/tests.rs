//! Replies in all their forms.
