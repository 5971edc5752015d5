extension InspectorModel {
  mutating func openActionMenu() { message = "no action is possible here" }
}
