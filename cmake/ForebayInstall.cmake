# `cmake --install build/release [--prefix DIR]`: the binary, the systemd unit, the example and reference config, and the
# documents. Nothing goes to /etc: a config of the operator's own is never touched.
include(GNUInstallDirs)

install(TARGETS forebay RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(FILES config/forebay.service DESTINATION lib/systemd/system)
install(FILES README.md CHANGELOG.md LICENSE config/forebay.yaml config/reference.yaml
        DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(DIRECTORY docs dashboards DESTINATION ${CMAKE_INSTALL_DOCDIR} FILES_MATCHING
        PATTERN "*.md" PATTERN "*.yaml" PATTERN "*.yml" PATTERN "*.json")
