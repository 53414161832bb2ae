// `forebay status`: what a relay has and does, once.
#pragma once

namespace forebay {

int status_main(int argc, char** argv);

}  // namespace forebay
