"""Quality checks of contacts (质检): the scoring form as data, how contacts are drawn, what scores say of many."""
