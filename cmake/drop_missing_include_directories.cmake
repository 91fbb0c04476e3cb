# The ROS 2 packages on PyPI export include directories of the machine that built them (its Python's and NumPy's); CMake refuses
# imported targets with include directories that do not exist. Ours come from rosidl, so the missing ones are dropped.
# With ROS 2 from apt all of them exist and this does nothing.
get_directory_property(imported_targets IMPORTED_TARGETS)
foreach(imported IN LISTS imported_targets)
  get_target_property(directories ${imported} INTERFACE_INCLUDE_DIRECTORIES)
  if(directories)
    set(existing)
    foreach(directory IN LISTS directories)
      if(NOT IS_ABSOLUTE "${directory}" OR EXISTS "${directory}")
        list(APPEND existing "${directory}")
      endif()
    endforeach()
    if(NOT existing STREQUAL directories)
      set_target_properties(${imported} PROPERTIES INTERFACE_INCLUDE_DIRECTORIES "${existing}")
    endif()
  endif()
endforeach()
