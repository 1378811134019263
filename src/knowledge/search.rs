//! Search: which passages answer a question. Rare words count more than common ones, words of a family count for each other, and
//! a word that is in no passage is taken for the one that is written most alike.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    time::Instant,
};

use super::{
    FoundPassage, KnowledgeBase, KnowledgeSource, ReadAs, SearchAnswer, SearchQuestion, for_agent,
    passage::{LEAST, LIMIT},
    passage_store::{self, Hit, PassageText},
    words::{distance, forgiven, likeness, stem, words},
};
use crate::{db::OrgTx, error::Result, id::Id};

/// Of a longer question the first words count.
const WORDS: usize = 32;
/// How many passages are looked at closely.
const CLOSELY: usize = 40;
/// A word that was taken for another counts less, in hundredths.
const TAKEN_FOR: u32 = 70;
/// A word that nothing is found for counts less than one that is rare.
const UNKNOWN: f64 = 0.35;

/// Searches the sources of these bases that are on, inside the transaction's organization.
pub async fn search(tx: &mut OrgTx, bases: &[Id<KnowledgeBase>], question: &SearchQuestion) -> Result<SearchAnswer> {
    let began = Instant::now();
    let mut asked: Vec<Asked> = Vec::new();
    for word in words(&question.q) {
        if asked.len() < WORDS && !asked.iter().any(|known| known.word == word) {
            asked.push(Asked {
                word,
                taken_for: Vec::new(),
            });
        }
    }
    let searched = passage_store::count(tx, bases).await?;
    let mut answer = SearchAnswer {
        searched,
        ..SearchAnswer::default()
    };
    if !asked.is_empty() && searched > 0 {
        let mut hits = passage_store::hits(tx, bases, &wanted(&asked)).await?;
        answer.read_as = read_otherwise(tx, bases, &mut asked, &hits).await?;
        if !answer.read_as.is_empty() {
            hits = passage_store::hits(tx, bases, &wanted(&asked)).await?;
        }
        answer.passages = best(tx, &asked, hits, searched, question).await?;
    }
    answer.told = for_agent(&answer.passages);
    answer.took_ms = i64::try_from(began.elapsed().as_millis()).unwrap_or(i64::MAX);
    Ok(answer)
}

/// A word of the question.
struct Asked {
    word: String,
    /// What it is written like, where it is in no passage.
    taken_for: Vec<String>,
}

impl Asked {
    /// How well a word of a passage answers this one, in hundredths.
    fn likeness(&self, found: &str) -> u32 {
        let taken = |word: &String| likeness(word, found) * TAKEN_FOR / 100;
        let other = self.taken_for.iter().map(taken).max().unwrap_or_default();
        likeness(&self.word, found).max(other)
    }
}

/// What Postgres looks for: words, and beginnings of words.
pub(super) struct Wanted {
    pub words: Vec<String>,
    pub stems: Vec<String>,
}

fn wanted(asked: &[Asked]) -> Wanted {
    let all = || {
        asked
            .iter()
            .flat_map(|asked| asked.taken_for.iter().chain([&asked.word]))
    };
    Wanted {
        words: all().cloned().collect(),
        stems: all().filter_map(|word| stem(word)).map(str::to_owned).collect(),
    }
}

/// Finds out for which words of the passages those were meant that are in none.
async fn read_otherwise(
    tx: &mut OrgTx,
    bases: &[Id<KnowledgeBase>],
    asked: &mut [Asked],
    hits: &[Hit],
) -> Result<Vec<ReadAs>> {
    let known: BTreeSet<&str> = hits.iter().flat_map(|hit| &hit.words).map(String::as_str).collect();
    let mut unknown: Vec<&mut Asked> = asked
        .iter_mut()
        .filter(|asked| stem(&asked.word).is_some() && !known.iter().any(|word| asked.likeness(word) > 0))
        .collect();
    let lengths = |asked: &&mut Asked| i32::try_from(asked.word.chars().count()).unwrap_or_default();
    let (Some(shortest), Some(longest)) = (unknown.iter().map(lengths).min(), unknown.iter().map(lengths).max()) else {
        return Ok(Vec::new());
    };
    let vocabulary = passage_store::vocabulary(tx, bases, shortest - 2, longest + 2).await?;
    let mut read_as = Vec::new();
    for asked in &mut unknown {
        let most = forgiven(&asked.word);
        let near = vocabulary
            .iter()
            .filter(|word| stem(word).is_some())
            .filter_map(|word| Some((distance(&asked.word, word, most)?, word)));
        let mut near: Vec<(usize, &String)> = near.collect();
        near.sort();
        let Some((least, first)) = near.first().copied() else {
            continue;
        };
        asked.taken_for = near
            .iter()
            .take_while(|(distance, _)| *distance == least)
            .take(3)
            .map(|(_, word)| (*word).clone())
            .collect();
        read_as.push(ReadAs {
            word: asked.word.clone(),
            taken_for: first.clone(),
        });
    }
    Ok(read_as)
}

type Place = (Id<KnowledgeSource>, i32);

async fn best(
    tx: &mut OrgTx,
    asked: &[Asked],
    hits: Vec<Hit>,
    searched: i64,
    question: &SearchQuestion,
) -> Result<Vec<FoundPassage>> {
    let weights = weights(asked, &hits, searched);
    let whole: f64 = weights.iter().sum();
    let mut scored: Vec<(f64, Place)> = hits
        .iter()
        .map(|hit| {
            let found = asked.iter().zip(&weights).map(|(asked, weight)| {
                let alike = hit.words.iter().map(|word| asked.likeness(word)).max();
                weight * f64::from(alike.unwrap_or_default()) / 100.0
            });
            (found.sum::<f64>() / whole, (hit.source_id, hit.position))
        })
        .collect();
    scored.sort_by(|(a, one), (b, other)| b.total_cmp(a).then(one.cmp(other)));
    scored.truncate(CLOSELY);
    let places: Vec<Place> = scored.iter().map(|(_, place)| *place).collect();
    let mut texts: HashMap<Place, PassageText> = passage_store::texts(tx, &places)
        .await?
        .into_iter()
        .map(|text| ((text.source_id, text.position), text))
        .collect();
    let mut found: Vec<FoundPassage> = scored
        .into_iter()
        .filter_map(|(covered, place)| {
            let text = texts.remove(&place)?;
            let score = (covered * closeness(asked, &weights, &text) * 1000.0).round() as i32;
            Some(FoundPassage {
                source_id: text.source_id,
                source: text.source,
                position: text.position,
                heading: text.heading,
                page: text.page,
                url: text.url,
                text: text.text,
                score: score.clamp(0, 1000),
            })
        })
        .filter(|found| found.score >= question.least.unwrap_or(LEAST))
        .collect();
    found.sort_by(|a, b| {
        b.score
            .cmp(&a.score)
            .then((a.source_id, a.position).cmp(&(b.source_id, b.position)))
    });
    found.truncate(usize::try_from(question.limit.unwrap_or(LIMIT)).unwrap_or_default());
    Ok(found)
}

/// How much each word of the question says: the fewer passages have it, the more.
fn weights(asked: &[Asked], hits: &[Hit], searched: i64) -> Vec<f64> {
    let searched = searched as f64;
    let rarity = |passages: f64| (1.0 + (searched - passages + 0.5).max(0.5) / (passages + 0.5)).ln();
    let weight = |asked: &Asked| {
        let having = hits
            .iter()
            .filter(|hit| hit.words.iter().any(|word| asked.likeness(word) > 0))
            .count();
        if having == 0 {
            rarity(0.0) * UNKNOWN
        } else {
            rarity(having as f64)
        }
    };
    asked.iter().map(weight).collect()
}

/// From 0.7 to 1: more where the words stand close together, often, and in the heading.
fn closeness(asked: &[Asked], weights: &[f64], text: &PassageText) -> f64 {
    let heading: Vec<String> = words(&text.heading);
    let body: Vec<String> = words(&text.text);
    let (mut often, mut in_heading, mut whole) = (0.0, 0.0, 0.0);
    let mut places: BTreeMap<usize, usize> = BTreeMap::new();
    for (number, (asked, weight)) in asked.iter().zip(weights).enumerate() {
        let at: Vec<usize> = (0..body.len()).filter(|at| asked.likeness(&body[*at]) > 0).collect();
        let titled = heading.iter().any(|word| asked.likeness(word) > 0);
        if at.is_empty() && !titled {
            continue;
        }
        whole += weight;
        let times = at.len() as f64;
        often += weight * times / (times + 1.0);
        in_heading += if titled { *weight } else { 0.0 };
        places.extend(at.into_iter().map(|place| (place, number)));
    }
    if whole <= 0.0 {
        return 0.7;
    }
    0.7 + 0.1 * often / whole + 0.1 * in_heading / whole + 0.1 * together(&places)
}

/// How close the words stand to each other: 1 where nothing is between them.
fn together(places: &BTreeMap<usize, usize>) -> f64 {
    let kinds = places.values().collect::<BTreeSet<_>>().len();
    if kinds < 2 {
        return 0.0;
    }
    let places: Vec<(usize, usize)> = places.iter().map(|(at, number)| (*at, *number)).collect();
    let (mut first, mut inside, mut least) = (0, HashMap::<usize, usize>::new(), usize::MAX);
    for (at, number) in &places {
        *inside.entry(*number).or_default() += 1;
        while inside.len() == kinds {
            let (begins, number) = places[first];
            least = least.min(at - begins + 1);
            match inside.get_mut(&number) {
                Some(1) | None => drop(inside.remove(&number)),
                Some(count) => *count -= 1,
            }
            first += 1;
        }
    }
    kinds as f64 / least.max(kinds) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(words: &[&str]) -> Vec<Asked> {
        let asked = |word: &&str| Asked {
            word: (*word).to_owned(),
            taken_for: Vec::new(),
        };
        words.iter().map(asked).collect()
    }

    #[test]
    fn a_word_that_few_passages_have_says_more() {
        let hit = |words: &[&str]| Hit {
            source_id: Id::from_uuid(Default::default()),
            position: 0,
            words: words.iter().map(|word| (*word).to_owned()).collect(),
        };
        let hits = [hit(&["the", "crown"]), hit(&["the"]), hit(&["the"])];
        let weights = weights(&asked(&["the", "crown", "spaceship"]), &hits, 3);
        assert!(weights[0] < weights[2] && weights[2] < weights[1], "{weights:?}");
    }

    #[test]
    fn words_that_stand_together_fit_better() {
        let places = |at: &[(usize, usize)]| at.iter().copied().collect::<BTreeMap<_, _>>();
        assert_eq!(together(&places(&[(3, 0), (4, 1)])), 1.0);
        assert_eq!(together(&places(&[(0, 0), (9, 0), (10, 1), (30, 1)])), 1.0);
        assert_eq!(together(&places(&[(0, 0), (3, 1)])), 0.5);
        assert_eq!(together(&places(&[(0, 0)])), 0.0);
    }
}
