internal import CBerkeleyDB
