#pragma once
#include "config/config.h"
#include "base/time.h"
namespace forebay {
class Hours { public: explicit Hours(const HoursConfig&){} bool always() const {return true;} bool is_open(WallTime) const {return true;} WallTime opens(WallTime t) const {return t;} WallTime closes(WallTime t) const {return t;} WallTime after(WallTime t, Duration d) const {return t+d;} };
}
