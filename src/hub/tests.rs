#[cfg(test)]
mod dummy {}
