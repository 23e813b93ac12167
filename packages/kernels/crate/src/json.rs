//! JSON as far as graphs need it. A library that reads any would be half of the WASM module.

#![forbid(unsafe_code)]

#[derive(Debug, PartialEq)]
pub enum Json {
    Null,
    Bool(bool),
    Number(f64),
    Text(String),
    List(Vec<Json>),
    Object(Vec<(String, Json)>),
}

/// Lists in lists, beyond which it is no graph.
const MOST_NESTED: usize = 32;

impl Json {
    pub fn parse(text: &str) -> Result<Json, String> {
        let mut reader = Reader { text, at: 0 };
        let json = reader.value(MOST_NESTED)?;
        match reader.next() {
            None => Ok(json),
            Some(_) => reader.fail("nothing more"),
        }
    }

    /// What the object has under the name; null is nothing.
    pub fn get(&self, name: &str) -> Option<&Json> {
        let Json::Object(entries) = self else { return None };
        entries.iter().find(|(key, value)| key == name && *value != Json::Null).map(|(_, value)| value)
    }

    pub fn list(&self) -> Option<&[Json]> {
        if let Json::List(items) = self { Some(items) } else { None }
    }

    pub fn text(&self) -> Option<String> {
        if let Json::Text(text) = self { Some(text.clone()) } else { None }
    }

    pub fn bool(&self) -> Option<bool> {
        if let Json::Bool(is_so) = self { Some(*is_so) } else { None }
    }

    pub fn number(&self) -> Option<f64> {
        if let Json::Number(number) = self { Some(*number) } else { None }
    }

    pub fn integer(&self) -> Option<i32> {
        self.number().filter(|number| *number == f64::from(*number as i32)).map(|number| number as i32)
    }

    pub fn size(&self) -> Option<usize> {
        self.number().filter(|number| *number == f64::from(*number as u32)).map(|number| number as usize)
    }

    /// A list whose items all are what is wanted.
    pub fn each<T>(&self, one: impl Fn(&Json) -> Option<T>) -> Option<Vec<T>> {
        self.list()?.iter().map(one).collect()
    }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl Reader<'_> {
    fn fail<T>(&self, expected: &str) -> Result<T, String> {
        Err(format!("graph: expected {expected} at byte {} of the JSON", self.at))
    }

    /// The next byte that is no space.
    fn next(&mut self) -> Option<u8> {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.byte() {
            self.at += 1;
        }
        self.byte()
    }

    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn take(&mut self, byte: u8) -> bool {
        let is_there = self.next() == Some(byte);
        self.at += usize::from(is_there);
        is_there
    }

    fn value(&mut self, depth: usize) -> Result<Json, String> {
        if depth == 0 {
            return self.fail("fewer nested lists");
        }
        match self.next() {
            Some(b'{') => {
                let mut entries = Vec::new();
                self.items(b'}', |reader| {
                    let key = reader.string()?;
                    if !reader.take(b':') {
                        return reader.fail("':'");
                    }
                    entries.push((key, reader.value(depth - 1)?));
                    Ok(())
                })?;
                Ok(Json::Object(entries))
            }
            Some(b'[') => {
                let mut items = Vec::new();
                self.items(b']', |reader| {
                    items.push(reader.value(depth - 1)?);
                    Ok(())
                })?;
                Ok(Json::List(items))
            }
            Some(b'"') => Ok(Json::Text(self.string()?)),
            Some(b'-' | b'0'..=b'9') => self.number(),
            _ => {
                let words = [("null", Json::Null), ("true", Json::Bool(true)), ("false", Json::Bool(false))];
                for (word, json) in words {
                    if self.text.as_bytes()[self.at..].starts_with(word.as_bytes()) {
                        self.at += word.len();
                        return Ok(json);
                    }
                }
                self.fail("a value")
            }
        }
    }

    /// Items between commas, to the closing bracket; the opening one is next.
    fn items(&mut self, close: u8, mut item: impl FnMut(&mut Self) -> Result<(), String>) -> Result<(), String> {
        self.at += 1;
        if self.take(close) {
            return Ok(());
        }
        loop {
            item(self)?;
            if self.take(close) {
                return Ok(());
            }
            if !self.take(b',') {
                return self.fail("',' or the end of a list");
            }
        }
    }

    fn string(&mut self) -> Result<String, String> {
        if !self.take(b'"') {
            return self.fail("'\"'");
        }
        let mut bytes = Vec::new();
        loop {
            let byte = self.byte();
            self.at += 1;
            match byte {
                Some(b'"') => break,
                Some(b'\\') => {
                    let escaped = self.escaped()?;
                    bytes.extend_from_slice(escaped.encode_utf8(&mut [0; 4]).as_bytes());
                }
                Some(byte) => bytes.push(byte),
                None => return self.fail("the end of a text"),
            }
        }
        // Whole characters of a `str`, or encoded above.
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    fn escaped(&mut self) -> Result<char, String> {
        let byte = self.byte();
        self.at += 1;
        Ok(match byte {
            Some(b'n') => '\n',
            Some(b't') => '\t',
            Some(b'r') => '\r',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(byte @ (b'"' | b'\\' | b'/')) => char::from(byte),
            Some(b'u') => {
                let mut code = self.hex()?;
                if (0xd800..0xdc00).contains(&code) && self.text.as_bytes()[self.at..].starts_with(b"\\u") {
                    self.at += 2;
                    code = 0x10000 + ((code - 0xd800) << 10) + (self.hex()? & 0x3ff);
                }
                char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER)
            }
            _ => return self.fail("an escaped character"),
        })
    }

    fn hex(&mut self) -> Result<u32, String> {
        let mut code = 0;
        for _ in 0..4 {
            let Some(digit) = self.byte().and_then(|byte| char::from(byte).to_digit(16)) else {
                return self.fail("four hexadecimal digits");
            };
            code = code * 16 + digit;
            self.at += 1;
        }
        Ok(code)
    }

    /// Exact for whole numbers, and to a few units in the last place of a float64 for others.
    fn number(&mut self) -> Result<Json, String> {
        let is_negative = self.take(b'-');
        let (whole, _) = self.digits(0.0)?;
        let (mut number, mut exponent) = (whole, 0);
        if self.byte() == Some(b'.') {
            self.at += 1;
            let (digits, count) = self.digits(number)?;
            (number, exponent) = (digits, -count);
        }
        if let Some(b'e' | b'E') = self.byte() {
            self.at += 1;
            let sign = if self.byte() == Some(b'-') { -1 } else { 1 };
            if let Some(b'-' | b'+') = self.byte() {
                self.at += 1;
            }
            exponent += sign * (self.digits(0.0)?.0 as i32).min(1000);
        }
        for _ in 0..exponent.unsigned_abs() {
            number = if exponent < 0 { number / 10.0 } else { number * 10.0 };
        }
        Ok(Json::Number(if is_negative { -number } else { number }))
    }

    /// Digits after those of `number`, and how many there are.
    fn digits(&mut self, mut number: f64) -> Result<(f64, i32), String> {
        let start = self.at;
        while let Some(digit @ b'0'..=b'9') = self.byte() {
            number = number * 10.0 + f64::from(digit - b'0');
            self.at += 1;
        }
        match self.at > start {
            true => Ok((number, (self.at - start) as i32)),
            false => self.fail("a digit"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_json_can_say() {
        let text = r#" {"a": [1, -2.5, 3e2, 4294967295, -3.4028234663852886e+38], "b": null, "é\n\"\u00e9\ud83d\ude00": true, "c": {}} "#;
        let json = Json::parse(text).unwrap();
        let numbers = json.get("a").and_then(|list| list.each(Json::number)).unwrap();
        assert_eq!(numbers[..4], [1.0, -2.5, 300.0, 4294967295.0]);
        assert_eq!(numbers[4] as f32, f32::MIN);
        assert_eq!(json.get("b"), None);
        assert_eq!(json.get("é\n\"é😀").and_then(Json::bool), Some(true));
        assert_eq!(json.get("c"), Some(&Json::Object(vec![])));
        assert_eq!(Json::Number(4294967295.0).size(), Some(4294967295));
        assert_eq!([-1.0, 0.5, 4294967296.0].map(|x| Json::Number(x).size()), [None; 3]);
    }

    #[test]
    fn says_where_it_is_no_json() {
        for (text, at) in [("", 0), ("[1,]", 3), ("{\"a\" 1}", 5), ("\"a", 3), ("[1] 2", 4), ("-", 1), ("1.", 2)] {
            let error = Json::parse(text).unwrap_err();
            assert!(error.ends_with(&format!("at byte {at} of the JSON")), "{text}: {error}");
        }
        assert!(Json::parse(&"[".repeat(100_000)).is_err());
    }
}
