//! A fake backend that fails, repeats and crashes every step
