//! Turns: what was said and done on a call, as people take turns, with the pauses between them.

use switchboard::calls::{Message, Speaker};

/// One side's turn, with what the agent looked up or did after saying it.
#[derive(Clone, Debug, PartialEq)]
pub struct Turn {
    /// That of its first message: it stays the same while the words come in.
    pub seq: i32,
    pub by: Side,
    pub text: String,
    pub start_ms: Option<i32>,
    pub end_ms: Option<i32>,
    /// From the other side's last word to the agent's first.
    pub delay_ms: Option<i32>,
    pub tools: Vec<ToolUse>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    Agent,
    Person,
}

#[derive(Clone, Debug, PartialEq)]
pub struct ToolUse {
    pub name: String,
    pub asked: String,
    asked_ms: Option<i32>,
    /// Absent until the tool has answered.
    pub answered: Option<Answered>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Answered {
    /// What the agent got, or why it got nothing.
    pub text: String,
    pub failed: bool,
    /// From asking to the answer, where both were timed.
    pub took_ms: Option<i32>,
}

pub fn turns(messages: &[Message]) -> Vec<Turn> {
    let mut turns: Vec<Turn> = Vec::new();
    for message in messages {
        match message.role {
            Speaker::Agent => turns.push(spoken(message, Side::Agent, &turns)),
            Speaker::Person => turns.push(spoken(message, Side::Person, &turns)),
            Speaker::ToolCall => last(&mut turns, message).tools.push(ToolUse {
                name: message.tool.clone(),
                asked: message.text.clone(),
                asked_ms: message.start_ms,
                answered: None,
            }),
            Speaker::ToolResult => answer(last(&mut turns, message), message),
        }
    }
    turns
}

fn spoken(message: &Message, by: Side, before: &[Turn]) -> Turn {
    let heard = before
        .last()
        .filter(|turn| turn.by == Side::Person && by == Side::Agent);
    let delay_ms = heard
        .and_then(|heard| Some(message.start_ms? - heard.end_ms?))
        // Spans that touch or overlap were not measured, or somebody was interrupted.
        .filter(|delay| *delay > 0);
    Turn {
        seq: message.seq,
        by,
        text: message.text.clone(),
        start_ms: message.start_ms,
        end_ms: message.end_ms,
        delay_ms,
        tools: Vec::new(),
    }
}

/// A tool used before anybody spoke has a turn of its own, without words.
fn last<'a>(turns: &'a mut Vec<Turn>, message: &Message) -> &'a mut Turn {
    if turns.is_empty() {
        turns.push(Turn {
            text: String::new(),
            ..spoken(message, Side::Agent, &[])
        });
    }
    turns.last_mut().expect("one was pushed if there was none")
}

/// Tools may answer out of order: an answer belongs to the oldest open question of its name.
fn answer(turn: &mut Turn, message: &Message) {
    let open = turn
        .tools
        .iter_mut()
        .find(|tool| tool.name == message.tool && tool.answered.is_none());
    let asked_ms = open.as_ref().and_then(|tool| tool.asked_ms);
    let took_ms = message.end_ms.zip(asked_ms).map(|(end, asked)| end - asked);
    let answered = Some(Answered {
        text: message.text.clone(),
        failed: message.failed,
        took_ms: took_ms.filter(|took| *took > 0),
    });
    match open {
        Some(tool) => tool.answered = answered,
        None => turn.tools.push(ToolUse {
            name: message.tool.clone(),
            asked: String::new(),
            asked_ms: None,
            answered,
        }),
    }
}

/// The turn that is heard at this moment of the recording.
pub fn turn_at(turns: &[Turn], ms: i32) -> Option<i32> {
    turns
        .iter()
        .rev()
        .find(|turn| turn.start_ms.is_some_and(|start| start <= ms))
        .map(|turn| turn.seq)
}

/// Who is heard, not merely whose turn it is.
pub fn speaker_at(turns: &[Turn], ms: i32) -> Option<Side> {
    turns
        .iter()
        .find(|turn| turn.start_ms.is_some_and(|start| start <= ms) && turn.end_ms.is_some_and(|end| ms < end))
        .map(|turn| turn.by)
}

/// How long a side talked in all.
pub fn talk_ms(turns: &[Turn], by: Side) -> i64 {
    turns
        .iter()
        .filter(|turn| turn.by == by)
        .filter_map(|turn| Some(i64::from(turn.end_ms? - turn.start_ms?)))
        .sum()
}

/// Half of the agent's answers came quicker than this.
pub fn usual_delay(turns: &[Turn]) -> Option<i32> {
    let mut delays: Vec<i32> = turns.iter().filter_map(|turn| turn.delay_ms).collect();
    delays.sort_unstable();
    delays.get(delays.len() / 2).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(seq: i32, role: Speaker, text: &str, tool: &str, span: Option<(i32, i32)>) -> Message {
        Message {
            seq,
            role,
            text: text.into(),
            tool: tool.into(),
            start_ms: span.map(|(start, _)| start),
            end_ms: span.map(|(_, end)| end),
            failed: false,
        }
    }

    fn sample() -> Vec<Message> {
        vec![
            message(0, Speaker::Agent, "Hello.", "", Some((0, 900))),
            message(1, Speaker::Person, "When is a slot free?", "", Some((1500, 3000))),
            message(2, Speaker::Agent, "Let me look.", "", Some((3640, 4200))),
            message(3, Speaker::ToolCall, "{\"a\":1}", "find", Some((4300, 4400))),
            message(4, Speaker::ToolCall, "{\"a\":2}", "find", None),
            message(5, Speaker::ToolResult, "one", "find", Some((4900, 5000))),
            message(6, Speaker::Agent, "Tuesday.", "", Some((6000, 7000))),
        ]
    }

    #[test]
    fn tools_stand_beside_what_was_said_before_them() {
        let turns = turns(&sample());
        assert_eq!(turns.iter().map(|turn| turn.seq).collect::<Vec<_>>(), [0, 1, 2, 6]);
        let tools: Vec<_> = turns[2]
            .tools
            .iter()
            .map(|tool| (tool.asked.as_str(), tool.answered.clone()))
            .collect();
        let one = Answered {
            text: "one".into(),
            failed: false,
            took_ms: Some(700),
        };
        assert_eq!(tools, [("{\"a\":1}", Some(one)), ("{\"a\":2}", None)]);
    }

    #[test]
    fn only_an_answer_to_a_person_has_a_delay() {
        let turns = turns(&sample());
        assert_eq!(
            turns.iter().map(|turn| turn.delay_ms).collect::<Vec<_>>(),
            [None, None, Some(640), None]
        );
        assert_eq!(usual_delay(&turns), Some(640));
        assert_eq!(talk_ms(&turns, Side::Agent), 900 + 560 + 1000);
    }

    #[test]
    fn a_moment_belongs_to_the_turn_that_began_last() {
        let turns = turns(&sample());
        assert_eq!(turn_at(&turns, 3_300), Some(1));
        assert_eq!(turn_at(&turns, 3_700), Some(2));
        assert_eq!(speaker_at(&turns, 3_300), None);
        assert_eq!(speaker_at(&turns, 2_000), Some(Side::Person));
    }

    #[test]
    fn a_tool_used_in_silence_has_a_turn_without_words() {
        let turns = turns(&[message(0, Speaker::ToolResult, "done", "book", None)]);
        assert_eq!(turns[0].text, "");
        assert_eq!(turns[0].tools[0].answered.as_ref().unwrap().text, "done");
    }

    #[test]
    fn a_tool_that_failed_says_so() {
        let failed = Message {
            failed: true,
            ..message(1, Speaker::ToolResult, "It did not answer.", "book", None)
        };
        let turns = turns(&[message(0, Speaker::ToolCall, "{}", "book", None), failed]);
        assert_eq!(turns[0].tools.len(), 1);
        assert!(turns[0].tools[0].answered.as_ref().unwrap().failed);
    }
}
