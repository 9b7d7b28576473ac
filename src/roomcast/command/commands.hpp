#pragma once

#include <span>

// The command's sub-commands. Each takes its words, the first of which is the name it goes by, and returns the exit status: 0,
// 1 where it failed, 2 where it could not begin.

namespace roomcast::command {

using words = std::span<const char* const>;

int serve(words w);
int listen(words w);
int send(words w);
int script(words w);
int load(words w);

}  // namespace roomcast::command
