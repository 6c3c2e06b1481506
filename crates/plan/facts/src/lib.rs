//! Read-only questions to a host: the script that asks and the parser of the answer
