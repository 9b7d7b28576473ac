#pragma once

namespace roomcast {

class lane;

/// Beyond the memory budget those go for whom most is held, on whatever lane they are: by what they lag behind, or by what is
/// theirs alone. One such round at a time; called on lane `here`, which looks again at its next tick.
void relieve(lane& here) noexcept;

}  // namespace roomcast
