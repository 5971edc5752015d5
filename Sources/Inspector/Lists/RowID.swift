import Architecture
import Diagnosis
import Journal

/// What a row of a list is about: a thing, never a place, so that a list that moves never moves the target.
public enum RowID: Hashable, Sendable {
  case context(ContextID)
  case vp(VPIndex)
  case vector(VectorNumber)
  /// By its sequence number.
  case event(UInt64)
  case timer(TimerSource)
  case route(RouteID)
  case protection(ProtectionID)
  case finding(Finding.Identity)
  /// Of the help.
  case line(Int)
}
