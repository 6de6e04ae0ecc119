//! A journal's objects as one text. They are fetched some at once, and come in order.

use std::io::{self, BufRead, Read};

use futures::{StreamExt as _, stream};
use object_store::path::Path;
use tokio::sync::mpsc::{Receiver, channel};

use super::{super::error::Cause, Objects};

/// How many objects are fetched at once.
const AT_ONCE: usize = 16;

/// The name of a journal's object.
pub(super) fn name(number: u64) -> String {
    format!("{number:08}.jsonl")
}

/// The number of a journal's object; none where it is something else.
pub(super) fn number(file: &str) -> Option<u64> {
    let number = file.strip_suffix(".jsonl")?.parse().ok()?;
    (name(number) == file).then_some(number)
}

/// Reads objects one after the other. It waits for the runtime: never to be used on its threads.
#[derive(Debug)]
pub(super) struct ObjectLines {
    objects: Receiver<Result<Vec<u8>, Cause>>,
    current: io::Cursor<Vec<u8>>,
}

impl ObjectLines {
    pub(super) fn new(objects: &Objects, folder: Path, numbers: Vec<u64>) -> Self {
        let (sender, receiver) = channel(1);
        let store = objects.clone();
        objects.runtime.spawn(async move {
            let fetch = |number| {
                let (store, path) = (store.clone(), folder.clone().join(name(number)));
                async move { store.content(&path).await }
            };
            let mut contents = stream::iter(numbers).map(fetch).buffered(AT_ONCE);
            while let Some(content) = contents.next().await {
                // One that was listed and is gone shows in the chain.
                if sender.send(content.map(Option::unwrap_or_default)).await.is_err() {
                    return;
                }
            }
        });
        Self { objects: receiver, current: io::Cursor::default() }
    }
}

impl BufRead for ObjectLines {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        while self.current.fill_buf()?.is_empty() {
            match self.objects.blocking_recv() {
                None => break,
                Some(content) => {
                    self.current = io::Cursor::new(content.map_err(io::Error::other)?);
                }
            }
        }
        self.current.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        self.current.consume(amount);
    }
}

impl Read for ObjectLines {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.fill_buf()?;
        self.current.read(buffer)
    }
}

#[cfg(test)]
mod unit {
    use super::*;

    #[test]
    fn only_a_name_that_we_give_is_a_number() {
        assert_eq!(number(&name(7)), Some(7));
        assert_eq!(number(&name(123_456_789)), Some(123_456_789));
        for text in ["7.jsonl", "00000007", "00000007.json", "0000000x.jsonl", "+0000007.jsonl"] {
            assert_eq!(number(text), None, "{text}");
        }
    }
}
