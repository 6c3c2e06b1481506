//! `%` tokens, as OpenSSH has them in its settings.

/// Fills every token of a text: `token` says what stands for the character after a `%`, none where the text ends with it.
pub(crate) fn fill<E>(
    text: &str,
    mut token: impl FnMut(Option<char>) -> Result<String, E>,
) -> Result<String, E> {
    let mut filled = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('%') {
        let mut characters = after.chars();
        filled.push_str(before);
        filled.push_str(&token(characters.next())?);
        rest = characters.as_str();
    }
    filled.push_str(rest);
    Ok(filled)
}
