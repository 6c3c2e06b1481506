//! Values of Ruby as far as they are known before anything runs.
//!
//! What cannot be known is a value too: [`Value::Unknown`] says why and travels through whatever is made of it.

use crate::evaluate::line::CAPTURED;
use crate::outside::Locals;
use crate::pattern::Pattern;
use crate::syntax::Block;
use std::sync::Arc;

/// The longest text that is worked out; what is longer is unknown.
pub(crate) const LONGEST: usize = 64 << 10;

/// How much a list or hash may hold, all that is in it counted.
const HEAVIEST: usize = 4000;
/// How deep lists and hashes may be in one another.
const DEEPEST: u32 = 50;

/// A value.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    Nil,
    Bool(bool),
    Int(i64),
    Text(String),
    Symbol(String),
    List(Vec<Value>),
    Hash(Vec<(Value, Value)>),
    /// A lambda, which is worked out when it is fetched.
    Lambda(Closure),
    Regex(Arc<Pattern>),
    /// From, and up to but without.
    Range(i64, i64),
    /// A proxy command of `Net::SSH`.
    Proxy(String),
    /// Jump hosts of `Net::SSH`.
    Jump(String),
    /// What a command said, kept in a variable of the script.
    Captured(String),
    Unknown(Unknown),
}

/// A block with what was around it where it was made.
#[derive(Clone, Debug)]
pub(crate) struct Closure {
    pub(crate) block: Arc<Block>,
    pub(crate) locals: Arc<Locals>,
    /// The file it stands in, by its number.
    pub(crate) file: usize,
}

/// Why a value is not known.
#[derive(Clone, Debug)]
pub(crate) struct Unknown {
    /// The reason, to follow "because": `deploy.rb:3 runs a command on this machine`.
    pub(crate) why: String,
    /// The variable of the environment that it depends on, where it depends on nothing else.
    pub(crate) variable: Option<Box<Variable>>,
}

/// A variable of the environment of whoever deploys.
#[derive(Clone, Debug)]
pub(crate) struct Variable {
    pub(crate) name: String,
    /// Whether the value is the variable's own, and not only worked out from it.
    pub(crate) itself: bool,
    /// What the value is where the variable is not set; none where that is an error.
    pub(crate) unset: Option<Value>,
}

impl PartialEq for Unknown {
    fn eq(&self, other: &Self) -> bool {
        self.why == other.why
    }
}

impl Unknown {
    /// Not known for this reason.
    pub(crate) fn new(why: impl Into<String>) -> Self {
        Self {
            why: why.into(),
            variable: None,
        }
    }

    /// What it is where its variable is not set.
    pub(crate) fn unset(&self) -> Option<&Value> {
        self.variable.as_ref()?.unset.as_ref()
    }
}

impl Value {
    /// A value that is not known.
    pub(crate) fn unknown(why: impl Into<String>) -> Self {
        Self::Unknown(Unknown::new(why))
    }

    /// Text, unless it is too long to be any.
    pub(crate) fn text(text: impl Into<String>) -> Self {
        let text = text.into();
        if text.len() > LONGEST {
            return Self::unknown("the text grows too long to be worked out here");
        }
        Self::Text(text)
    }

    /// Whether a condition holds; none where that is not known.
    pub(crate) fn truth(&self) -> Result<bool, Unknown> {
        match self {
            Self::Nil | Self::Bool(false) => Ok(false),
            Self::Unknown(unknown) => Err(unknown.clone()),
            // Text is true, an empty one too; but a question about it is the host's.
            _ => Ok(true),
        }
    }

    /// Whether a condition holds where a variable that decides it is not set, which is what the import takes it for.
    pub(crate) fn decided(&self) -> Result<bool, Unknown> {
        self.truth().or_else(|unknown| match unknown.unset() {
            Some(unset) => unset.truth(),
            None => Err(unknown),
        })
    }

    /// As `to_s` has it.
    pub(crate) fn to_text(&self) -> Result<String, Unknown> {
        match self {
            Self::Nil => Ok(String::new()),
            Self::Bool(value) => Ok(value.to_string()),
            Self::Int(value) => Ok(value.to_string()),
            Self::Text(text) | Self::Symbol(text) => Ok(text.clone()),
            Self::Captured(name) => Ok(format!("{CAPTURED}{name}}}")),
            Self::Unknown(unknown) => Err(unknown.clone()),
            other => Err(Unknown::new(format!("{} is used as text", other.kind()))),
        }
    }

    /// How much it holds, a long text counted as several; none where that is more than is worked out here.
    pub(crate) fn weight(&self) -> Option<usize> {
        let weight = self.weight_within(HEAVIEST, DEEPEST)?;
        (weight <= HEAVIEST).then_some(weight)
    }

    fn weight_within(&self, most: usize, depth: u32) -> Option<usize> {
        let depth = depth.checked_sub(1)?;
        let mut weight = 1_usize;
        let mut add = |value: &Value| {
            weight = weight.saturating_add(value.weight_within(most, depth)?);
            (weight <= most).then_some(())
        };
        match self {
            Self::Text(text) | Self::Symbol(text) => {
                weight = weight.saturating_add(text.len().checked_div(64)?);
            }
            Self::List(items) => {
                for item in items {
                    add(item)?;
                }
            }
            Self::Hash(pairs) => {
                for (key, value) in pairs {
                    add(key)?;
                    add(value)?;
                }
            }
            _ => {}
        }
        Some(weight)
    }

    /// Text or a symbol, and nothing else.
    pub(crate) fn word(&self) -> Option<&str> {
        match self {
            Self::Text(text) | Self::Symbol(text) => Some(text),
            _ => None,
        }
    }

    /// The values of a list, or the one value; nil is none.
    pub(crate) fn items(&self) -> Vec<Value> {
        match self {
            Self::List(items) => items.iter().flat_map(Value::items).collect(),
            Self::Nil => Vec::new(),
            other => vec![other.clone()],
        }
    }

    /// What is not known in it, however deep.
    pub(crate) fn first_unknown(&self) -> Option<&Unknown> {
        match self {
            Self::Unknown(unknown) => Some(unknown),
            Self::List(items) => items.iter().find_map(Value::first_unknown),
            Self::Hash(pairs) => pairs
                .iter()
                .find_map(|(key, value)| key.first_unknown().or_else(|| value.first_unknown())),
            _ => None,
        }
    }

    /// The value of a key that is text or a symbol.
    pub(crate) fn entry(&self, key: &str) -> Option<&Value> {
        match self {
            Self::Hash(pairs) => {
                let mut pairs = pairs.iter();
                let found = pairs.find(|(name, _)| name.word() == Some(key));
                found.map(|(_, value)| value)
            }
            _ => None,
        }
    }

    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Nil => "nil",
            Self::Bool(_) => "true or false",
            Self::Int(_) => "a number",
            Self::Text(_) => "text",
            Self::Symbol(_) => "a symbol",
            Self::List(_) => "a list",
            Self::Hash(_) => "a hash",
            Self::Lambda(..) => "a lambda",
            Self::Regex(_) => "a regular expression",
            Self::Range(..) => "a range",
            Self::Proxy(_) | Self::Jump(_) => "a proxy",
            Self::Captured(_) => "what a command said",
            Self::Unknown(_) => "what is not known",
        }
    }

    /// Whether two are the same; none where that cannot be said.
    pub(crate) fn same(&self, other: &Value) -> Result<bool, Unknown> {
        match (self, other) {
            (Self::Unknown(unknown), _) | (_, Self::Unknown(unknown)) => Err(unknown.clone()),
            (Self::Captured(_), _) | (_, Self::Captured(_)) => {
                Err(Unknown::new("it compares what a command said"))
            }
            (Self::Nil, Self::Nil) => Ok(true),
            (Self::Bool(one), Self::Bool(two)) => Ok(one == two),
            (Self::Int(one), Self::Int(two)) => Ok(one == two),
            (Self::Text(one), Self::Text(two)) | (Self::Symbol(one), Self::Symbol(two)) => {
                Ok(one == two)
            }
            (Self::List(one), Self::List(two)) if one.len() == two.len() => {
                for (one, two) in one.iter().zip(two) {
                    if !one.same(two)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            (Self::Hash(_) | Self::Lambda(..), Self::Hash(_) | Self::Lambda(..)) => {
                Err(Unknown::new(format!("{} is compared", self.kind())))
            }
            _ => Ok(false),
        }
    }
}
