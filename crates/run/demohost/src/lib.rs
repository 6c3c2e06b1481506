//! A throw-away SSH host in process and a proxy that cuts, for the demo and the laboratory
