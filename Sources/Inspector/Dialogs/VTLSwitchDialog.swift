extension InspectorModel {
  mutating func openVTLSwitchDialog() { message = "switching is not possible here" }
}
