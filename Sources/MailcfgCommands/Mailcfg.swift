/// The entry point.
public enum Placeholder {}
