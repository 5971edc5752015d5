extension InspectorModel {
  /// What would be saved: the choices as they are now.
  public var options: Options {
    var options = Options()
    options.theme = theme
    options.decihertz = refreshDecihertz
    options.wantsASCII = wantsASCII
    options.timeMode = timeMode
    options.usesMouse = usesMouse
    options.presets = presets
    options.thresholds = thresholds
    options.keys = reboundKeys
    for view in Views.all {
      guard let list = view as? any ListView, let hidden = lists[view.id]?.hiddenColumns, !hidden.isEmpty else {
        continue
      }
      options.columns[view.id.name] = list.columnNames(self).filter { !hidden.contains($0) }
    }
    return options
  }

  /// Takes saved choices. Columns that a view does not have are not missed.
  public mutating func apply(_ options: Options) {
    theme = options.theme
    refresh(decihertz: options.decihertz)
    wantsASCII = options.wantsASCII
    timeMode = options.timeMode
    usesMouse = options.usesMouse
    presets = options.presets
    if thresholds != options.thresholds { setThresholds(options.thresholds) }
    reboundKeys = options.keys
    let changes = options.keys.map { (command: $0.key, keys: $0.value, line: 0) }
    keyMap = (try? KeyMap.standard.rebound(changes)) ?? .standard
    for view in Views.all {
      guard let list = view as? any ListView, let shown = options.columns[view.id.name] else { continue }
      hide(Set(list.columnNames(self)).subtracting(shown), .columns, of: view.id)
    }
  }

  /// One option, as the palette's `set` says it.
  mutating func set(_ name: String, to value: String) throws(PaletteError) -> Action? {
    var options = options
    do throws(OptionError) { try options.set(name, to: value) } catch { throw PaletteError(error.text) }
    let before = usesMouse
    apply(options)
    message = Line("\(name) = \(options.value(name))")
    return usesMouse == before ? nil : .captureMouse(usesMouse)
  }

  mutating func toggleMouse() -> Action {
    usesMouse.toggle()
    message =
      usesMouse ? "mouse on: click selects; Shift-drag selects text" : "mouse off: the terminal selects text"
    return .captureMouse(usesMouse)
  }
}
