//! One command's work from end to end: collect, derive, judge, report
