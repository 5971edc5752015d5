import Architecture
import Journal

/// What a line of the palette asks for. The line mode speaks the same language.
public enum PaletteCommand: Hashable, Sendable {
  /// What a key does.
  case key(KeyCommand)
  case select(ContextID)
  case selectGroup(GroupID)
  case selectVector(VectorNumber)
  case selectEvent(UInt64)
  case journey(JourneyID)
  case why(ContextID)
  /// Empty ends the search, or the filter.
  case search(String)
  case filter(String)
  case sort(String?, isDescending: Bool)
  case columns([String])
  case tag([ContextID])
  case set(String, to: String)
  case yankPane
  case save(path: String)
  case clearMark
  case diff(ContextID)
  case run
  case stop
  case step(Int)
  case fire(FireLine)
  case switchVTL(VPIndex, to: VTL)
  case endOfInterrupt(ContextID)
  /// Asked about unless it is confirmed.
  case reset(ContextID, isConfirmed: Bool)
  case serial([UInt8])
  /// Refreshes a second, in tenths.
  case rate(Int)
  case theme(Theme)
  case timeMode(TimeMode)
}

/// Why a line is no command, or cannot be done now: one sentence, and where in the line it goes wrong.
public struct PaletteError: Error, Hashable, Sendable, CustomStringConvertible {
  /// Counts from 1; nil when it is not a matter of how it is written.
  public var column: Int?
  public var text: String

  public init(_ text: String, column: Int? = nil) {
    self.text = text
    self.column = column
  }

  public var description: String { column.map { "column \($0): \(text)" } ?? text }
}
