"""What faces and commands may read, each function for one actor; nothing here writes."""
