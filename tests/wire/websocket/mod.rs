//! Frames of RFC 6455.

mod bad_frames;
