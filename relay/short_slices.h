// Short time slices: a relay thread that wakes (a request, a sync that ended) does a little work and sleeps
// again. Where other programs keep the cores busy it would wait for the end of their slices, milliseconds
// each, several times a message; a thread that asks the scheduler for short slices runs sooner, and gets no
// more of the core for it.
#pragma once

namespace forebay {

// The calling thread and those it starts from now on; its policy and niceness stay as they are. Needs no
// privilege. Linux 6.12 and later (sched_setattr(2): sched_runtime of an ordinary thread); without effect
// elsewhere.
void ask_for_short_slices();

}  // namespace forebay
